# Makes C from texts.tsv. awk -v part=h: the enum of the named texts;
# part=c: the rows of the table in texts.c, named ones first.
BEGIN {
	FS = "\t"
	if (part == "h")
		print "/* Made from lua/texts.tsv. */\n#pragma once\n\nenum text_id {"
}
/^#/ || /^$/ { next }
NF != 6 {
	printf "texts.tsv:%d: %d fields, not 6\n", NR, NF > "/dev/stderr"
	bad = 1
	exit 1
}
{
	gsub(/\\/, "\\\\"); gsub(/"/, "\\\"")
	if ($1 ~ /^[A-Z_]+$/) {
		if (patterns) {
			printf "texts.tsv:%d: named texts come before Lua's messages\n", NR > "/dev/stderr"
			bad = 1
			exit 1
		}
		if (part == "h")
			print "\tTEXT_" $1 ","
	} else {
		if (!patterns++ && part == "h")
			print "\tTEXT_PATTERNS, /* from here on: messages of Lua */"
	}
	count++
	if (part == "c")
		printf "{\"%s\", \"%s\", {\"%s\", \"%s\"}, {\"%s\", \"%s\"}},\n", $1, $2, $3, $4, $5, $6
}
END {
	if (!bad && part == "h")
		printf "\tTEXT_COUNT = %d\n};\n", count
}
