-- ends: killed
string.rep("", 1 << 62)
