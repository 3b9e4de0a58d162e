-- The action that asks Isogloss about a call: /etc/haproxy/isogloss.lua. See docs/reverse-proxies.md.
-- It needs HAProxy 2.6 or later with Lua, as Debian has it, and no other file.

-- Headers of the gateway's response that the service receives, besides our own: those of `forward_auth.headers`.
local chosen = { ["remote-user"] = true }

-- Headers of a call that are not for the gateway: it receives the head alone.
local skipped = {
    ["accept-encoding"] = true,
    ["connection"] = true,
    ["content-length"] = true,
    ["expect"] = true,
    ["host"] = true,
    ["keep-alive"] = true,
    ["te"] = true,
    ["trailer"] = true,
    ["transfer-encoding"] = true,
    ["upgrade"] = true,
}

-- Headers of a refusal that the client receives.
local passed = { "content-type", "www-authenticate", "retry-after", "cache-control" }

local function each(values)
    return pairs(values or {})
end

local function refuse(txn, answer)
    local reply = txn:reply()
    -- Without a response, the gateway could not be asked. That is neither a yes nor a no.
    if answer and answer.status and answer.status >= 400 then
        reply:set_status(answer.status)
        for _, name in ipairs(passed) do
            for _, value in each(answer.headers and answer.headers[name]) do
                reply:add_header(name, value)
            end
        end
        reply:set_body(answer.body or "")
    else
        reply:set_status(503)
    end
    txn:done(reply)
end

core.register_action("isogloss", { "http-req" }, function(txn, url)
    local headers = {}
    for name, values in pairs(txn.http:req_get_headers()) do
        if not skipped[name] then
            headers[name] = values
        end
    end
    headers["x-forwarded-method"] = { txn.f:method() }
    headers["x-forwarded-uri"] = { txn.f:pathq() }
    local answer = core.httpclient():get({ url = url, headers = headers, timeout = 5000 })
    if not answer or answer.status ~= 200 then
        refuse(txn, answer)
        return
    end
    for name, values in pairs(answer.headers) do
        if name:find("^x%-isogloss%-") or chosen[name] then
            txn.http:req_del_header(name)
            for _, value in each(values) do
                txn.http:req_set_header(name, value)
            end
        end
    end
end, 1)
