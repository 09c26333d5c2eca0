-- fault: 28
-- ends: stopped
local kit = require "kit"
while true do pcall(kit.open, "no-such-kit") kit.open() end
