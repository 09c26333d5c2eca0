-- fault: 23
-- ends: killed
("x"):gsub("x", function() while true do end end)
