
# Bash takes a word apart at `=` and `:`: here the words are as they were typed, and what is offered is what follows.
_voxplay_words() {
    if [[ -z ${COMP_LINE-} ]]; then
        _clap_complete_voxplay "$@"
        return
    fi
    local rest=${COMP_LINE:0:COMP_POINT} before word last=-1 i
    local -a typed=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        before=$rest
        rest=${rest#"${rest%%[![:space:]]*}"}
        word=${COMP_WORDS[i]}
        if ((i == COMP_CWORD)); then
            word=$rest
        fi
        rest=${rest#"$word"}
        if ((last < 0)) || [[ $before == [[:space:]]* ]]; then
            ((last += 1))
            typed[last]=$word
        else
            typed[last]+=$word
        fi
    done
    local prefix=${typed[last]%"$2"}
    local -a COMP_WORDS=("${typed[@]}")
    local COMP_CWORD=$last
    _clap_complete_voxplay "$1" "${typed[last]}" "${3-}"
    COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
}
