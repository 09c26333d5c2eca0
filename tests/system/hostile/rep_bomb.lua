-- fault: 25
-- ends: failed
-- says: memory
string.rep("x", 1 << 40)
