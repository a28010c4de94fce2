-- Takes tokens from a bucket, which is a hash of the tokens in it and the time
-- at which they were counted. Time is the server's, so that the clocks of those
-- who ask do not matter.
local rate, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local known = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(known[1] or burst), tonumber(known[2] or now)
if now > at then
  tokens = tokens + (now - at) / 1000000 * rate
  at = now
end
tokens = math.min(tokens, burst)
local given = math.min(wanted, math.floor(tokens))
tokens = tokens - given
-- Lua's own conversion keeps 14 digits, which is too few for either.
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.0f', at))
-- A bucket that is full again need not be remembered.
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) / rate * 1000) + 1000)
return {given, string.format('%.6f', tokens)}
