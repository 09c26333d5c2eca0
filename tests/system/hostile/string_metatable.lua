-- fault: 27
-- ends: finished
-- prints: ^false\tfalse\n$
print(getmetatable(""), (pcall(setmetatable, "", {})))
