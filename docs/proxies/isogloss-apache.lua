-- The hook of apache.conf: /etc/apache2/isogloss-apache.lua. See docs/reverse-proxies.md.

-- What `Connection` may say. Apache removes every other header that it names, and a client could name those that are set for
-- the service.
local options = { ["close"] = true, ["keep-alive"] = true, ["upgrade"] = true }

-- Removes our own headers of a client, and every header with other characters than letters, digits and dashes in its name.
-- mod_headers cannot do that, and SetEnvIf looks only at the value of the last such header.
function remove_forged(r)
    for name in pairs(r:headers_in_table()) do
        if name:find("[^%w%-]") or name:lower():find("isogloss", 1, true) then
            r.headers_in[name] = nil
        end
    end
    local kept = {}
    for option in (r.headers_in["Connection"] or ""):gmatch("[^%s,]+") do
        if options[option:lower()] then
            kept[#kept + 1] = option
        end
    end
    r.headers_in["Connection"] = #kept > 0 and table.concat(kept, ", ") or nil
    return apache2.DECLINED
end
