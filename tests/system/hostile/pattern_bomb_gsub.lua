-- fault: 23
-- ends: killed
(("x"):rep(3000)):gsub(("x*"):rep(8) .. "y", "")
