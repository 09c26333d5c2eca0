-- fault: 26
-- ends: failed
-- says: .
local name = ("a"):rep(1000000)
assert(load(name .. "." .. name .. "()"))()
