package hosttest

import (
	"context"
	"errors"
	"strings"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/secret"
)

// greeting is what the node is launched with in its environment.
const greeting = "GREETING"

// commands checks what commands print, read and end with.
func (k *checker) commands(ctx context.Context) {
	password := secret.New("password of nobody", "Chest"+"nut7")
	typed := "conn nobody/" + password.String() + "\n"
	odd := []string{
		"", " ", "it's", `\`, `\n`, "$HOME", "`id`", "*", "#x", "~", "a\nb", "%s", "-n", "中文", "\t", `"`, "!", "{a,b}",
		"x=y", "&", "\xff",
	}
	big := strings.Repeat("0123456789abcdef", 1<<16)
	for _, c := range []struct {
		what string
		c    host.Command
		want host.Answer
	}{
		{
			"streams apart",
			host.Command{Argv: []string{"sh", "-c", "echo out; echo err >&2"}},
			host.Answer{Stdout: "out\n", Stderr: "err\n"},
		},
		{"a code", host.Command{Argv: []string{"sh", "-c", "exit 42"}}, host.Answer{Code: 42}},
		{"killed", host.Command{Argv: []string{"sh", "-c", "kill -9 $$"}}, host.Answer{Code: 137}},
		{"stdin", host.Command{Argv: []string{"tr", "a-z", "A-Z"}, Stdin: "over\n"}, host.Answer{Stdout: "OVER\n"}},
		{"no stdin", host.Command{Argv: []string{"cat"}}, host.Answer{}},
		{"stdin not read", host.Command{Argv: []string{"true"}, Stdin: big}, host.Answer{}},
		{"much of everything", host.Command{Argv: []string{"cat"}, Stdin: big}, host.Answer{Stdout: big}},
		{
			"a secret is typed",
			host.Command{
				Argv:  []string{"sh", "-c", `read -r said; [ "$said" = conn\ nobody/Chestnut""7 ] && cat`},
				Typed: typed, Secrets: []secret.Text{password}, Stdin: "data\n",
			},
			host.Answer{Stdout: "data\n"},
		},
		{
			"a secret is hidden in what comes back",
			host.Command{
				Argv:  []string{"sh", "-c", `read -r said; echo "$said"; echo "$said" >&2`},
				Typed: typed, Secrets: []secret.Text{password},
			},
			host.Answer{Stdout: typed, Stderr: typed},
		},
		{
			"words as they are",
			host.Command{Argv: append([]string{"printf", "%s|"}, odd...)},
			host.Answer{Stdout: strings.Join(odd, "|") + "|"},
		},
		{
			"odd input",
			host.Command{Argv: []string{"cat"}, Stdin: strings.Join(odd, "\n")},
			host.Answer{Stdout: strings.Join(odd, "\n")},
		},
		{"environment", host.Command{Argv: []string{"sh", "-c", "echo $" + greeting}}, host.Answer{Stdout: "hello\n"}},
	} {
		got, err := k.n.Exec(ctx, c.c)
		if err != nil || got != c.want {
			k.broken("%s: Exec = %.100v, %v, want %.100v", c.what, got, err, c.want)
		}
	}
	if got, err := k.n.Exec(ctx, host.Command{Argv: []string{"no-such-program"}}); err == nil && got.Code == 0 {
		k.broken("a program that is not there: Exec = %+v, want an error or a code", got)
	}
}

// answers runs a command that must answer so.
func (k *checker) answers(ctx context.Context, what string, want host.Answer, argv ...string) {
	if got, err := k.n.Exec(ctx, host.Command{Argv: argv}); err != nil || got != want {
		k.broken("%s: Exec = %.100v, %v, want %.100v", what, got, err, want)
	}
}

// deadline: a command is given up when its context ends.
func (k *checker) deadline(ctx context.Context) {
	const soon, slack = 300 * time.Millisecond, 3 * time.Second // a busy machine takes its time
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	began := time.Now()
	_, err := k.n.Exec(ctx, host.Command{Argv: []string{"sh", "-c", "sleep 60; true"}, Stdin: "x"})
	if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > slack {
		k.broken("a command that lasts: Exec = %v after %s, want the deadline's error soon", err, took)
	}
}
