-- fault: 23
-- ends: killed
-- says: sleep\(0\)
-- plain
-- C code: no hook sees it.
string.find(("a"):rep(200), (".-"):rep(30) .. "b")
