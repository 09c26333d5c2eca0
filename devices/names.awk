# Makes the table of names.c from NAMES.md: one C initialiser a table row.
BEGIN { FS = "|" }
function trim(s) { gsub(/^ +| +$/, "", s); return s }
function number(s) { return s == "-" ? "NAN" : s }
/^\|/ {
	name = trim($2)
	if (name == "name" || name ~ /^-+$/)
		next
	if (NF != 11) {
		printf "NAMES.md:%d: %d cells, not 9\n", NR, NF - 2 > "/dev/stderr"
		exit 1
	}
	unit = trim($3)
	printf "{\"%s\", %s, %s, %s, KIND_%s, CLASS_%s, {\"%s\", \"%s\"}},\n", name,
		unit == "-" ? "NULL" : "\"" unit "\"", number(trim($4)), number(trim($5)),
		toupper(trim($6)), toupper(trim($7)), trim($9), trim($8)
}
