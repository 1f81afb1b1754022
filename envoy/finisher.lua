-- Runs after ext_authz and before the router. It writes the repeated Impersonate-* lines, which
-- ext_authz over gRPC can't (it sends each header once), and it is the guard: a request without a
-- decision of kube-ext-authz stops here, also when ext_authz was disabled or failed open.
--
-- Envoy sends a request on when a script fails. So everything runs in pcall, and everything is
-- checked before the first header changes: a request that lost impersonate-user on the way but has
-- the proxy's token would be the proxy itself.

local NAMESPACE = "envoy.filters.http.ext_authz"

local NO_DECISION = {
  "no_decision",
  "Envoy let this request pass without a decision of kube-ext-authz. "
    .. "Check its ext_authz filter: it must be enabled for every route, must not fail open, and must not ignore dynamic metadata.",
}
local MALFORMED = {
  "decision_malformed",
  "The decision in the reply to Envoy is not one that kube-ext-authz gives. "
    .. "Check that Envoy's ext_authz filter asks kube-ext-authz and nothing else, in the version this Envoy configuration came with.",
}
local MISMATCH = {
  "decision_mismatch",
  "The headers of this request don't match the decision of kube-ext-authz. "
    .. "Check that nothing between Envoy's ext_authz filter and the finisher changes headers.",
}
local FAILED = {
  "finisher_error",
  "The finisher, the script that Envoy runs after ext_authz, failed. Envoy's log says where.",
}

-- What kubectl's discovery asks: of a 403 there it shows the body only when it is text.
local TEXT_PATHS = { ["/api"] = true, ["/apis"] = true, ["/version"] = true }

-- Header names that may be sent, by what follows "impersonate-"; true: exactly one value.
local SINGLE = { user = true, uid = true, group = false }

local function is_list(value)
  if type(value) ~= "table" or #value == 0 then return false end
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  -- A map has other keys, a null in the middle leaves a hole. (One at the end can't be seen.)
  return count == #value
end

-- Text that reaches the API server unchanged: HTTP trims white space, NUL cuts, CR and LF split.
-- Empty groups and extras are text, too; an empty user would be the proxy's own account.
local function is_header_value(value)
  return type(value) == "string"
    and not value:find("^%s")
    and not value:find("%s$")
    and not value:find("[%z\1-\31\127]")
end

local function is_header_name(name)
  if type(name) ~= "string" then return false end
  local rest = name:match("^impersonate%-(.+)$")
  if rest == nil then return false end
  return SINGLE[rest] ~= nil or rest:find("^extra%-[!#$%%&'*+.^_`|~0-9a-z-]+$") ~= nil
end

local function is_line(name, values)
  if not is_header_name(name) or not is_list(values) then return false end
  for _, value in ipairs(values) do
    if not is_header_value(value) then return false end
  end
  if not SINGLE[name:sub(#"impersonate-" + 1)] then return true end
  return #values == 1 and values[1] ~= ""
end

local function is_decision(decision)
  if type(decision) ~= "table" then return false end
  for _, key in ipairs({ "username", "issuer", "actAs", "auditID" }) do
    if type(decision[key]) ~= "string" then return false end
  end
  return decision.actAs == "impersonate" or decision.actAs == "serviceAccount"
end

-- Returns the user to be or false for the proxy's own account; nil when the metadata is not ours.
local function read(metadata)
  local lines = metadata.headers
  if not is_decision(metadata.decision) or type(lines) ~= "table" then return nil end
  for name, values in pairs(lines) do
    if not is_line(name, values) then return nil end
  end
  if metadata.decision.actAs == "serviceAccount" then
    if next(lines) ~= nil then return nil end
    return false
  end
  return lines["impersonate-user"] and lines["impersonate-user"][1]
end

-- ext_authz has set both: one credential, and the user that the metadata names. Several lines are
-- read as one with commas, which no token has (RFC 6750, b64token) but a user may.
local function matches(headers, user)
  local authorization = headers:get("authorization")
  if authorization == nil or not authorization:find("^Bearer [%w._~+/-]+=*$") then return false end
  if user == false then return headers:get("impersonate-user") == nil end
  return headers:get("impersonate-user") == user and headers:getNumValues("impersonate-user") == 1
end

-- impersonate-user stays as it is: it is right already, and must never be absent.
local function write(headers, lines)
  local foreign = {}
  for name in pairs(headers) do
    local plain = name:lower():gsub("_", "-")
    local special = plain:find("^impersonate%-") or plain:find("^x%-remote%-")
    if special and name ~= "impersonate-user" then foreign[#foreign + 1] = name end
  end
  -- Not in the loop above: Envoy forbids changes while it iterates.
  for _, name in ipairs(foreign) do headers:remove(name) end
  for name, values in pairs(lines) do
    if name ~= "impersonate-user" then
      for _, value in ipairs(values) do headers:add(name, value) end
    end
  end
end

-- Returns nil when the request may go on, else why not.
local function finish(handle)
  local metadata = handle:streamInfo():dynamicMetadata():get(NAMESPACE)
  if type(metadata) ~= "table" then return NO_DECISION end
  -- ext_authz keeps its own timing in the same place.
  if metadata.decision == nil and metadata.headers == nil then return NO_DECISION end
  local user = read(metadata)
  if user == nil then return MALFORMED end
  local headers = handle:headers()
  if not matches(headers, user) then return MISMATCH end
  write(headers, metadata.headers)
  return nil
end

local function refuse(handle, refusal)
  -- Whatever becomes of this answer, the request has no credential any more.
  handle:headers():remove("authorization")
  local reason, message = refusal[1], refusal[2]
  local as_text = TEXT_PATHS[(handle:headers():get(":path") or ""):match("^[^?]*")]
  local status = '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"'
    .. message
    .. '","reason":"Forbidden","code":403}'
  handle:respond({
    [":status"] = "403",
    ["content-type"] = as_text and "text/plain; charset=utf-8" or "application/json",
    ["cache-control"] = "no-store",
    ["x-kube-ext-authz-reason"] = reason,
  }, as_text and message or status)
end

function envoy_on_request(handle)
  local ok, result = pcall(finish, handle)
  if not ok then
    pcall(function() handle:logErr("kube-ext-authz finisher: " .. tostring(result)) end)
    result = FAILED
  end
  if result ~= nil then refuse(handle, result) end
end
