# shellcheck shell=bash
# bash completion for etmem and etmemd.
#
# It asks the server that -s NAME names for projects, engines and tasks, for two seconds at most and without a word
# when there is no answer.

# @TABLES@

# _etmem_add WORDS: offers those of some words that begin with what is typed.
_etmem_add() {
  local word
  for word in $1; do
    [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
  done
}

# _etmem_servers: the sockets that servers listen on: listening abstract sockets (proc_net(5)) with a name from the
# command line of an etmemd.
_etmem_servers() {
  local arguments='' comm name flags type _
  for comm in /proc/[0-9]*/comm; do
    name=
    { read -r name <"$comm"; } 2>/dev/null
    [[ $name == etmemd ]] || continue
    arguments+=$'\n'$({ tr '\0' '\n' <"${comm%comm}cmdline"; } 2>/dev/null)$'\n'
  done
  while read -r _ _ _ flags type _ _ name; do
    [[ $flags == 00010000 && $type == 0001 && $name == @* ]] || continue
    name=${name#@}
    case $arguments in
      *$'\n'"$name"$'\n'* | *$'\n'-s"$name"$'\n'* | *$'\n'--socket="$name"$'\n'*)
        [[ $name == "$cur"* ]] && COMPREPLY+=("$(printf '%q' "$name")")
        ;;
    esac
  done </proc/net/unix
}

# _etmem_ask KIND: offers the projects, engines or tasks of the server whose -s NAME stands on the line; engines
# and tasks are those of -n PROJECT and -e ENGINE, where these stand there.
_etmem_ask() {
  local name
  [[ -n $socket ]] || return
  while read -r name; do
    [[ $name == "$cur"* ]] && COMPREPLY+=("$(printf '%q' "$name")")
  done < <(timeout 2 "$program" project show --socket="$socket" 2>/dev/null </dev/null |
    awk -v kind="$1" -v project="$project" -v engine="$engine" '
      $1 == "project:" { current = substr($0, 10); if (kind == "PROJECT") print current; next }
      $1 !~ /^[0-9]+$/ || (project != "" && project != current) { next }
      kind == "ENGINE" { print $5 }
      kind == "TASK" && (engine == "" || engine == $5) { print $4 }' | sort -u)
}

# _etmem_value PLACEHOLDER: offers values of an option, or of the word that follows a command.
_etmem_value() {
  case $1 in
    FILE | DIR)
      local path action=-f
      [[ $1 == DIR ]] && action=-d
      compopt -o filenames
      while read -r path; do
        COMPREPLY+=("$path")
      done < <(compgen "$action" -- "$cur")
      ;;
    NAME) [[ $program_kind == etmem ]] && _etmem_servers ;;
    PROJECT | ENGINE | TASK) _etmem_ask "$1" ;;
    *) _etmem_add "$(_etmem_words_of "$1")" ;;
  esac
}

# _etmem_option: completes the value of the option in $previous, or else an option of the command in $command that is
# not among those in $given.
_etmem_option() {
  local option name options
  options=$(_etmem_options_of "$command")
  for option in $options; do
    if [[ -n ${option##*:} && ,${option%:*}, == *",$previous,"* ]]; then
      _etmem_value "${option##*:}"
      return
    fi
  done
  for option in $options; do
    option=${option%:*}
    option=${option//,/ }
    for name in $option; do
      [[ $given == *" $name "* ]] && continue 2
    done
    _etmem_add "$option"
  done
}

_etmem() {
  local program=$1 program_kind=${1##*/} cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' words='' socket='' project='' engine='' word index operand=0 needs=''
  local given=' '
  COMPREPLY=()
  if [[ $program_kind == etmemd || ${COMP_WORDS[1]} == etmemd && $COMP_CWORD -gt 1 ]]; then
    program_kind=etmemd command=etmemd
  fi
  # With "=" in COMP_WORDBREAKS, --socket=x is three words.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $previous == = && $COMP_CWORD -gt 1 ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=${COMP_WORDS[index]//[\\\'\"]/}
    [[ $word == = ]] && continue
    case $needs in
      -s | --socket) socket=$word ;;
      -n | --name | --proj_name) project=$word ;;
      -e | --engine) engine=$word ;;
    esac
    needs=
    case $word in
      -s?*) socket=${word#-s} ;;
      -n?*) project=${word#-n} ;;
      -e?*) engine=${word#-e} ;;
    esac
    case $word in
      --*) given+="$word " needs=$word ;;
      -?*) given+="${word:0:2} " needs=$word ;;
      *)
        [[ -n $command || ${COMP_WORDS[index - 1]} == -* ]] || words+="${words:+ }$word"
        [[ -n $command || -z $(_etmem_options_of "$words") ]] || command=$words operand=$((index + 1))
        ;;
    esac
  done
  if [[ -z $command && $cur == -* && -n $(_etmem_commands_of "$words") ]]; then
    _etmem_option
  elif [[ -z $command ]]; then
    _etmem_add "$(_etmem_commands_of "$words")"
  elif [[ $COMP_CWORD == "$operand" && -n $(_etmem_operand_of "$command") ]]; then
    _etmem_value "$(_etmem_operand_of "$command")"
  else
    _etmem_option
  fi
}

complete -F _etmem etmem etmemd
