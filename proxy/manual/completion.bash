# Completes kube-ferry's command line in bash: kube-ferry itself is asked what may stand there.
_kube_ferry() {
  COMPREPLY=()
  local words line=${COMP_LINE:0:COMP_POINT}
  read -ra words <<<"$line"
  [[ $line != *[[:space:]] ]] || words+=("")
  local current=${words[${#words[@]} - 1]} lead="" candidate files=no
  # Where bash takes an equals sign for a part of the word, the candidate has to bring back what is before it.
  if [[ $current == --*=* ]]; then
    [[ $COMP_WORDBREAKS == *=* ]] || lead=${current%%=*}=
    current=${current#*=}
  fi
  while IFS=$'\t' read -r candidate _; do
    if [[ $candidate == :files ]]; then
      files=yes
    else
      COMPREPLY+=("$lead$candidate")
    fi
  done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  if [[ $files == yes ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r candidate; do COMPREPLY+=("$lead$candidate"); done < <(compgen -f -- "$current")
  fi
}
complete -F _kube_ferry kube-ferry
