-- fault: 25
-- ends: failed
-- says: too long|memory|stack|often
local s = ("x"):rep(10000000)
print(#{s:byte(1, -1)})
