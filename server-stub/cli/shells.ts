/**
 * The completion of statelite-server for a shell. All of them ask the program itself (`completion --for SHELL`), which
 * has the table of commands: candidates come one on a line, and a line `:file` or `:folder` asks for the shell's own.
 */
export const shellScripts: Readonly<Record<"bash" | "zsh" | "fish", string>> = {
  // Bash splits words at = and : too (COMP_WORDBREAKS); what it takes for the word's beginning is cut off again.
  bash: `# statelite-server completion bash > /etc/bash_completion.d/statelite-server
_statelite_server() {
  local line typed="\${COMP_LINE:0:COMP_POINT}" words=() cut
  read -ra words <<<"$typed"
  [[ $typed == *[[:space:]] ]] && words+=("")
  local current="\${words[-1]}" broken="\${COMP_WORDS[COMP_CWORD]}"
  [[ $broken == [=:] ]] && broken=""
  cut=$(( \${#current} - \${#broken} ))
  (( cut < 0 )) && cut=0
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :file) while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$broken"); compopt -o filenames ;;
      :folder) while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$broken"); compopt -o filenames ;;
      *) COMPREPLY+=("\${line:cut}"); [[ $line == *[=:] ]] && compopt -o nospace ;;
    esac
  done < <("\${words[0]}" completion --for bash -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _statelite_server statelite-server
`,
  // Read by compinit it is the body of the function _statelite-server; by source or eval it is none.
  zsh: `#compdef statelite-server
# statelite-server completion zsh > /usr/local/share/zsh/site-functions/_statelite-server
_statelite_server() {
  local line
  local -a found open
  for line in "\${(@f)$("\${words[1]}" completion --for zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :file) compset -P '*[=:]'; _files ;;
      :folder) compset -P '*[=:]'; _files -/ ;;
      '') ;;
      *[=:]) open+=("$line") ;;
      *) found+=("$line") ;;
    esac
  done
  (( \${#open} )) && compadd -S '' -- "\${open[@]}"
  (( \${#found} )) && compadd -- "\${found[@]}"
}
if [[ $funcstack[1] == _statelite-server ]]; then _statelite_server "$@"; else compdef _statelite_server statelite-server; fi
`,
  fish: `# statelite-server completion fish > ~/.config/fish/completions/statelite-server.fish
function __statelite_server
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    for line in ($words[1] completion --for fish -- $words[2..-1] "$typed" 2>/dev/null)
        switch $line
            case ':file'
                __fish_complete_path "$typed"
            case ':folder'
                __fish_complete_directories "$typed"
            case '*'
                echo $line
        end
    end
end
complete -c statelite-server -f -a '(__statelite_server)'
`,
};
