/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire completion: scripts that teach a shell what may stand next. They
 * carry words to `faultwire __complete`, which knows the tables of this very
 * program, and candidates back. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/near.h"
#include "cli/options.h"

static const char bash[] =
    "# bash completion for faultwire: source <(faultwire completion bash)\n"
    "_faultwire() {\n"
    "\tlocal line=${COMP_LINE:0:COMP_POINT} cut='' word char\n"
    "\tlocal -a words\n"
    "\tIFS=$' \\t\\n' read -ra words <<<\"$line\"\n"
    "\t[[ $line == *[[:space:]] ]] && words+=('')\n"
    "\tlocal current=${words[${#words[@]}-1]}\n"
    "\t# The shell breaks words at these and keeps what stands before.\n"
    "\tfor char in '=' ':'; do\n"
    "\t\tif [[ $COMP_WORDBREAKS == *\"$char\"* &&\n"
    "\t\t    $current == *\"$char\"* ]]; then\n"
    "\t\t\tword=${current%\"${current##*\"$char\"}\"}\n"
    "\t\t\t((${#word} > ${#cut})) && cut=$word\n"
    "\t\tfi\n"
    "\tdone\n"
    "\tCOMPREPLY=()\n"
    "\twhile IFS= read -r line; do\n"
    "\t\tword=${line%%$'\\t'*}\n"
    "\t\tif [[ -z $word ]]; then\n"
    "\t\t\tcompopt -o filenames 2>/dev/null\n"
    "\t\t\tmapfile -t COMPREPLY < <(\n"
    "\t\t\t\tcompgen -f -- \"${current#\"$cut\"}\")\n"
    "\t\t\treturn\n"
    "\t\tfi\n"
    "\t\t[[ $word == *[=,.] ]] && compopt -o nospace 2>/dev/null\n"
    "\t\tword=${word#\"$cut\"}\n"
    "\t\t[[ $word == *[!A-Za-z0-9_=.,:/-]* ]] &&\n"
    "\t\t\tprintf -v word %q \"$word\"\n"
    "\t\tCOMPREPLY+=(\"$word\")\n"
    "\tdone < <(\"${COMP_WORDS[0]}\" __complete \"${words[@]:1}\" \\\n"
    "\t\t2>/dev/null)\n"
    "}\n"
    "complete -F _faultwire faultwire\n";

static const char zsh[] =
    "#compdef faultwire\n"
    "# zsh completion for faultwire: a file _faultwire in $fpath, or\n"
    "# source <(faultwire completion zsh) behind compinit\n"
    "_faultwire() {\n"
    "\tlocal -a lines names shown open open_shown\n"
    "\tlocal line word help\n"
    "\tlines=(\"${(@f)$(\"${(Q)words[1]}\" __complete \\\n"
    "\t    \"${(@Q)words[2,CURRENT-1]}\" \"${(Q)PREFIX}\" 2>/dev/null)}\")\n"
    "\tfor line in $lines; do\n"
    "\t\tword=${line%%$'\\t'*} help=${line#*$'\\t'}\n"
    "\t\tif [[ -z $word ]]; then\n"
    "\t\t\tcompset -P '*='\n"
    "\t\t\t_files\n"
    "\t\t\treturn\n"
    "\t\tfi\n"
    "\t\t[[ -n $help ]] && help=\"$word -- $help\" || help=$word\n"
    "\t\tif [[ $word == *= ]]; then\n"
    "\t\t\topen+=(\"$word\") open_shown+=(\"$help\")\n"
    "\t\telse\n"
    "\t\t\tnames+=(\"$word\") shown+=(\"$help\")\n"
    "\t\tfi\n"
    "\tdone\n"
    "\t(( $#names )) && compadd -l -d shown -a names\n"
    "\t(( $#open )) && compadd -l -S '' -d open_shown -a open\n"
    "}\n"
    "if [[ ${funcstack[1]} == _faultwire ]]; then\n"
    "\t_faultwire \"$@\"\n"
    "else\n"
    "\tcompdef _faultwire faultwire\n"
    "fi\n";

static const char fish[] =
    "# fish completion for faultwire: faultwire completion fish | source\n"
    "function __faultwire_complete\n"
    "\tset -l words (commandline -opc)\n"
    "\tset -l current (commandline -ct)\n"
    "\tfor line in ($words[1] __complete $words[2..-1] \"$current\" "
    "2>/dev/null)\n"
    "\t\tif string match -qr '^\\tfiles$' -- $line\n"
    "\t\t\t__fish_complete_path \"$current\"\n"
    "\t\telse\n"
    "\t\t\techo -- $line\n"
    "\t\tend\n"
    "\tend\n"
    "end\n"
    "complete -c faultwire -f -a '(__faultwire_complete)'\n";

static const struct {
	const char *shell, *script;
} scripts[] = {
    {"bash", bash},
    {"fish", fish},
    {"zsh", zsh},
};

static const struct option_row options[] = {
    {0},
};

static int
run(int argc, char **argv)
{
	int rest = options_parse(&command_completion, argc, argv, NULL);
	struct near near;

	if (rest < 0)
		return rest == -2 ? EXIT_DONE : EXIT_USAGE;
	near_start(&near, rest < argc ? argv[rest] : "");
	for (size_t i = 0; rest == argc - 1 && i < COUNT_OF(scripts); i++) {
		if (strcmp(argv[rest], scripts[i].shell) == 0) {
			fputs(scripts[i].script, stdout);
			return EXIT_DONE;
		}
		near_offer(&near, scripts[i].shell);
	}
	fprintf(stderr,
		"faultwire completion: expected one of bash, fish, "
		"zsh" NEAR_HINT "\n",
		NEAR_ARGS(&near));
	return EXIT_USAGE;
}

const struct command command_completion = {
    .name = "completion",
    .usage = "bash|fish|zsh",
    .summary = "Prints a script that completes faultwire's command lines",
    .options = options,
    .run = run,
    .details = "bash:  source <(faultwire completion bash)\n"
	       "fish:  faultwire completion fish | source\n"
	       "zsh:   source <(faultwire completion zsh)\n\n"
	       "Names of routes, faults and partitions are asked of the proxy "
	       "that --control or\nFAULTWIRE_CONTROL names.\n",
    .args_max = 1,
    .args = "SHELL",
};
