-- ends: stopped
while true do plot{x = 1} end
