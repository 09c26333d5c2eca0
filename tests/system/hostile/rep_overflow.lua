-- fault: 25
-- ends: failed
-- says: longer than the memory
string.rep("abc", math.maxinteger, "sep")
