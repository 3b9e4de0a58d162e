-- Whose token is it? What stands in Redis under it is the answer.
local redis = require("nginx.redis"):new()
local token = (ngx.var.http_authorization or ""):match("^BimPlus (%x+)$")
if not token then
    return ngx.exit(401)
end
local connected = redis:connect("127.0.0.1", REDIS)
if not connected then
    return ngx.exit(503)
end
local session = redis:get(token)
redis:set_keepalive(60000, POOL)
if not session or session == ngx.null then
    return ngx.exit(401)
end
ngx.header["Content-Type"] = "application/json"
ngx.header["Content-Length"] = #session
ngx.print(session)
