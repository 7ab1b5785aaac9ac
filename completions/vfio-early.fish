# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for vfio-early(8)

function __vfio_early_devices
    for path in /sys/bus/pci/devices/*
        string replace -r '.*/(0000:)?' '' -- $path
    end
end

function __vfio_early_names
    for path in $argv[1]/*
        string replace -r '.*/' '' -- $path
    end
end

set -l verbs add bind capture check image list rebuild release remove status
set -l with_sysroot add bind capture check list release remove status
set -l with_devices add bind release remove

complete -c vfio-early -f
complete -c vfio-early -n __fish_use_subcommand -l help -d 'print the verbs and end'
complete -c vfio-early -n __fish_use_subcommand -l version -d 'print the version and end'
complete -c vfio-early -n __fish_use_subcommand -a add -d 'add devices to the config'
complete -c vfio-early -n __fish_use_subcommand -a bind -d 'bind devices to vfio-pci now'
complete -c vfio-early -n __fish_use_subcommand -a capture -d 'write this machine as one text'
complete -c vfio-early -n __fish_use_subcommand -a image -d 'write a boot archive'
complete -c vfio-early -n __fish_use_subcommand -a list -d 'what this machine has'
complete -c vfio-early -n __fish_use_subcommand -a rebuild -d 'rebuild the boot images'
complete -c vfio-early -n __fish_use_subcommand -a release -d 'give devices back to the host now'
complete -c vfio-early -n __fish_use_subcommand -a remove -d 'have the host keep devices'
complete -c vfio-early -n __fish_use_subcommand -a check -d 'the next boot, and what keeps it from it'
complete -c vfio-early -n __fish_use_subcommand -a status -d 'configured, done and bound'

for verb in $verbs
    complete -c vfio-early -n "__fish_seen_subcommand_from $verb" -l quiet -d 'no warnings'
    complete -c vfio-early -n "__fish_seen_subcommand_from $verb" -l no-color -d 'no colors'
    complete -c vfio-early -n "__fish_seen_subcommand_from $verb" -l help -d 'print the options'
end
for verb in $with_sysroot
    complete -c vfio-early -n "__fish_seen_subcommand_from $verb" -l sysroot -r -F -d 'of this system'
end
for verb in $with_devices
    complete -c vfio-early -n "__fish_seen_subcommand_from $verb" -a '(__vfio_early_devices)'
    complete -c vfio-early -n "__fish_seen_subcommand_from $verb" -l dry-run -d 'touch nothing'
end
for verb in add bind release
    complete -c vfio-early -n "__fish_seen_subcommand_from $verb" -l with -x -a 'slot group' -d 'others that come along'
end
for verb in add bind
    complete -c vfio-early -n "__fish_seen_subcommand_from $verb" -l allow -x -a 'bridge no-iommu root-disk storage keyboard network last-display' -d 'lift a guard'
    complete -c vfio-early -n "__fish_seen_subcommand_from $verb" -l driver -x -a 'vfio-pci pci-stub' -d 'bind them to this driver'
    complete -c vfio-early -n "__fish_seen_subcommand_from $verb" -l unbind -x -a 'never safe always' -d 'whether to take them from a driver'
end
for verb in add remove
    complete -c vfio-early -n "__fish_seen_subcommand_from $verb" -l rebuild -d 'rebuild the boot image, too'
end
for verb in check list status
    complete -c vfio-early -n "__fish_seen_subcommand_from $verb" -l json -d 'as JSON'
end
complete -c vfio-early -n '__fish_seen_subcommand_from capture' -l output -r -F -d 'where to'
complete -c vfio-early -n '__fish_seen_subcommand_from image' -s o -l output -r -F -d 'where to'
complete -c vfio-early -n '__fish_seen_subcommand_from image' -l kernel -x -a 'all (__vfio_early_names /lib/modules)' -d 'for this kernel'
complete -c vfio-early -n '__fish_seen_subcommand_from image' -l initrd -r -F -d 'begin with this initramfs'
complete -c vfio-early -n '__fish_seen_subcommand_from list' -l group -x -a '(__vfio_early_names /sys/kernel/iommu_groups)' -d 'only this IOMMU group'
complete -c vfio-early -n '__fish_seen_subcommand_from list' -l class -x -a 'storage nvme network display audio usb 0106 0302' -d 'only this class'
complete -c vfio-early -n '__fish_seen_subcommand_from list' -l usb -d 'USB devices by controller'
complete -c vfio-early -n '__fish_seen_subcommand_from rebuild' -l dry-run -d 'say which command it is'
complete -c vfio-early -n '__fish_seen_subcommand_from release' -l rescan -d 'look for them again'
