-- fault: 25
-- ends: failed
-- says: ^x+
error(("x"):rep(10000000), 0)
