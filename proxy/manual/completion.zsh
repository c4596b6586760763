#compdef kube-ferry
# Completes kube-ferry's command line in zsh: kube-ferry itself is asked what may stand there.
_kube-ferry() {
  local -a lines candidates
  local line
  lines=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
  [[ $PREFIX == --*=* ]] && compset -P '*='
  if [[ $lines[1] == :files ]]; then
    _files
    return
  fi
  for line in $lines; do
    # A colon ends the candidate and begins its explanation.
    if [[ $line == *$'\t'* ]]; then
      candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    elif [[ -n $line ]]; then
      candidates+=("${line//:/\\:}")
    fi
  done
  _describe -t kube-ferry 'kube-ferry' candidates
}
if [ "$funcstack[1]" = _kube-ferry ]; then
  _kube-ferry "$@"
else
  compdef _kube-ferry kube-ferry
fi
