-- ends: finished
-- prints: ^false\tfalse\n$
print(getmetatable(""), (pcall(setmetatable, "", {})))
