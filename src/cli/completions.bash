
# Bash takes a word apart at `=` and `:`, and hands it over with its quotes: here the words are as the command gets them,
# and what is offered is what follows, quoted, so that a file's name is never a command.
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
    local REPLY open
    _voxplay_plain "${typed[last]%"$2"}"
    local prefix=$REPLY
    for ((i = 0; i <= last; i++)); do
        _voxplay_plain "${typed[i]}"
        typed[i]=$REPLY
    done
    local -a COMP_WORDS=("${typed[@]}")
    local COMP_CWORD=$last globs=$-
    set -f
    _clap_complete_voxplay "$1" "${typed[last]}" "${3-}"
    [[ $globs == *f* ]] || set +f
    for i in "${!COMPREPLY[@]}"; do
        _voxplay_quoted "${COMPREPLY[i]#"$prefix"}"
        COMPREPLY[i]=$REPLY
    done
}

# Sets REPLY to a word without its quotes, and `open` to the quote that is not closed yet.
_voxplay_plain() {
    local word=$1 at letter
    REPLY='' open=''
    for ((at = 0; at < ${#word}; at++)); do
        letter=${word:at:1}
        if [[ $letter == "$open" ]]; then
            open=''
        elif [[ $open != \' && $letter == \\ ]]; then
            ((at += 1))
            [[ $open == \" && ${word:at:1} != [\$\`\"\\] ]] && REPLY+=\\
            REPLY+=${word:at:1}
        elif [[ -z $open && $letter == [\'\"] ]]; then
            open=$letter
        else
            REPLY+=$letter
        fi
    done
}

# Sets REPLY to a text as it has to be written behind the quote that is `open`.
_voxplay_quoted() {
    local at letter
    REPLY=''
    if [[ -z $open && $1 == '~/'?* ]]; then
        printf -v REPLY '~/%q' "${1:2}"
    elif [[ -z $open && $1 == *[!A-Za-z0-9_./=:,@%+~-]* ]]; then
        printf -v REPLY %q "$1"
    elif [[ -z $open ]]; then
        REPLY=$1
    else
        for ((at = 0; at < ${#1}; at++)); do
            letter=${1:at:1}
            if [[ $open == \' && $letter == \' ]]; then
                REPLY+="'\\''"
            elif [[ $open == \" && $letter == [\$\`\"\\] ]]; then
                REPLY+=\\$letter
            else
                REPLY+=$letter
            fi
        done
    fi
}
