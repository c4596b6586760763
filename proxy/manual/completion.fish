# Completes kube-ferry's command line in fish: kube-ferry itself is asked what may stand there.
function __kube_ferry_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l lead (string match -r '^--[^=]+=' -- $current)
    for line in ($before[1] __complete $before[2..] "$current" 2>/dev/null)
        if test "$line" = :files
            for path in (__fish_complete_path (string replace -r '^--[^=]+=' '' -- "$current"))
                echo "$lead$path"
            end
        else
            echo "$lead$line"
        end
    end
end
complete -c kube-ferry -f -a '(__kube_ferry_complete)'
