-- fault: 23
-- ends: killed
while true do
	pcall(string.find, ("a"):rep(300), (".-"):rep(40) .. "b")
end
