-- fault: 26
-- ends: failed
-- says: deep|often|C stack
assert(load("return " .. ("("):rep(1000000) .. "1" .. (")"):rep(1000000)))
