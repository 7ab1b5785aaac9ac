# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for vfio-early(8)

_vfio_early_options() {
	case $1 in
	add) echo --with= --allow= --driver= --unbind= --dry-run --rebuild --sysroot= ;;
	bind) echo --with= --allow= --driver= --unbind= --dry-run --sysroot= ;;
	capture) echo --output= --sysroot= ;;
	image) echo -o --output= --kernel= --initrd= ;;
	list) echo --group= --class= --usb --json --sysroot= ;;
	rebuild) echo --dry-run ;;
	release) echo --with= --rescan --dry-run --sysroot= ;;
	remove) echo --dry-run --rebuild --sysroot= ;;
	check | status) echo --json --sysroot= ;;
	*) return ;;
	esac
	echo --quiet --no-color --help
}

# _vfio_early_names FOLDER: what is in it
_vfio_early_names() {
	local path
	for path in "$1"/*; do
		[[ -e $path ]] && echo "${path##*/}"
	done
}

_vfio_early_values() {
	case $1 in
	--with) echo slot group ;;
	--unbind) echo never safe always ;;
	--allow) echo bridge no-iommu root-disk storage keyboard network last-display ;;
	--driver) echo vfio-pci pci-stub ;;
	--group) _vfio_early_names /sys/kernel/iommu_groups ;;
	--class) echo storage nvme network display audio usb 0106 0302 ;;
	--kernel)
		echo all
		_vfio_early_names /lib/modules
		;;
	esac
}

# The addresses as lspci prints them; path=, group= and id= begin the other ways.
_vfio_early_devices() {
	_vfio_early_names /sys/bus/pci/devices | sed 's/^0000://'
	echo path= group= id= class=
}

_vfio_early() {
	local verbs='add bind capture check image list rebuild release remove status'
	local line=${COMP_LINE:0:COMP_POINT} word before='' verb='' option i

	# Words as the shell has them: COMP_WORDBREAKS divides at '=' and ':'.
	word=${line##*[[:space:]]}
	read -ra before <<<"${line%"$word"}"
	for ((i = 1; i < ${#before[@]}; i++)); do
		[[ -n $verb || ${before[i]} == -* ]] || verb=${before[i]}
	done
	COMPREPLY=()
	if [[ $word == --*=* ]]; then
		option=${word%%=*}
		if [[ $option == --sysroot || $option == --output || $option == --initrd ]]; then
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "${word#*=}")
		else
			mapfile -t COMPREPLY < <(compgen -W "$(_vfio_early_values "$option")" \
				-- "${word#*=}")
		fi
		return
	fi
	if [[ ${before[${#before[@]} - 1]} == -o ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
	fi
	if [[ -z $verb ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs --help --version" -- "$word")
		return
	fi
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_vfio_early_options "$verb")" -- "$word")
		[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
		return
	fi
	case $verb in
	add | bind | release | remove)
		mapfile -t COMPREPLY < <(compgen -W "$(_vfio_early_devices)" -- "$word")
		[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
		# What is before the last ':' is there already.
		if [[ $word == *:* && ${COMP_WORDBREAKS-} == *:* ]]; then
			COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*:}"}"}")
		fi
		;;
	esac
}

complete -F _vfio_early vfio-early
