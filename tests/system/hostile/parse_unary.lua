-- fault: 26
-- ends: failed
-- says: deep|often|levels|memory
assert(load("return " .. ("- "):rep(1000000) .. "1"))
