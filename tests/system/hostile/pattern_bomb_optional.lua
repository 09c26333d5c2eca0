-- fault: 23
-- ends: killed
string.match(("a"):rep(40), ("a?"):rep(40) .. ("a"):rep(40) .. "b")
