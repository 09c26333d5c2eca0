-- fault: 26
-- ends: failed
-- says: .
assert(load("return " .. ("x .. "):rep(300000) .. "x"))
