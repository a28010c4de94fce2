package chdb

import "testing"

func TestSplitInsert(t *testing.T) {
	for statement, want := range map[string][2]string{
		"INSERT INTO t FORMAT Native":                               {"INSERT INTO t", "Native"},
		"insert into `a b` (x, y) SETTINGS s = 1\nformat  CSV ;":    {"insert into `a b` (x, y) SETTINGS s = 1", "CSV"},
		"INSERT INTO t VALUES (1)":                                  {},
		"SELECT 1 FORMAT Native":                                    {},
		"INSERT INTO t SELECT 'FORMAT Native' FROM u WHERE a = 'b'": {},
	} {
		insert, format, ok := splitInsert(statement)
		if got := [2]string{insert, format}; got != want || ok != (want[1] != "") {
			t.Errorf("%s: got %q, %v", statement, got, ok)
		}
	}
}
