# Makes C from messages.tsv. awk -v part=h: the enum and the English literals;
# part=c: the table that err.c includes.
BEGIN {
	FS = "\t"
	if (part == "h")
		print "/* Made from devices/messages.tsv. */\n#pragma once\n\nenum msg {"
}
/^#/ || /^$/ { next }
NF != 3 {
	printf "messages.tsv:%d: %d fields, not 3 (tabs between NAME, English, Chinese)\n", NR, NF > "/dev/stderr"
	bad = 1
	exit 1
}
{
	gsub(/\\/, "\\\\"); gsub(/"/, "\\\"")
	if (part == "h") {
		print "\tMSG_" $1 ","
		literals = literals "#define MSG_" $1 "_EN \"" $2 "\"\n"
	} else {
		print "\t[MSG_" $1 "] = {\"" $2 "\", \"" $3 "\"},"
	}
}
END {
	if (!bad && part == "h")
		printf "\tMSG_COUNT\n};\n\n%s", literals
}
