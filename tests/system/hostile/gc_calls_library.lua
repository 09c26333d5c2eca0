-- fault: 24
-- ends: finished
-- prints: survived
local bench = require "kit".open()
for i = 1, 300 do
	setmetatable({}, {__gc = function()
		pcall(sleep, 1)
		pcall(error, "x")
		print("")
		spawn(function() end)
		bench.pin[13] = true
	end})
	local s = ("x"):rep(5000) .. i
end
print("survived")
