-- fault: 26
-- ends: failed
-- says: deep|often|levels
assert(load(("do "):rep(100000)))
