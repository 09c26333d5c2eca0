-- fault: 23
-- ends: killed
string.rep("", 1 << 62)
