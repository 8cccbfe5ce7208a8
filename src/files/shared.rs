//! File systems that several hosts may share, or that are not this machine's own (E9).

use nix::sys::statfs::statfs;
use std::io::Result;
use std::path::Path;

/// What there is, by the number that statfs(2) names. SQLite and the locks of an mbox rely on one kernel that sees all;
/// on some of these they lost rows and filed mail twice, on the others nobody has shown that they do not.
const SHARED: [(u32, &str); 19] = [
    (0x6969, "NFS"),
    (0x00c3_6400, "CephFS"),
    // Of GlusterFS, sshfs, virtiofs and others nothing else is to be seen.
    (0x6573_5546, "FUSE"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x0bd0_0bd0, "Lustre"),
    (0x7461_636f, "OCFS2"),
    (0x0116_1970, "GFS2"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x2003_0528, "OrangeFS"),
    (0xaad7_aaea, "PanFS"),
    (0x0102_1997, "9P"),
    (0x564c, "NCP"),
    (0x786f_4256, "the host's, of VirtualBox"),
];

/// What `dir` lies on, if several hosts may share that.
///
/// # Errors
/// It cannot be looked at.
pub fn shared_kind(dir: &Path) -> Result<Option<&'static str>> {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the kernel's number has 32 bits, which on some machines are signed, and on some extended"
    )]
    let kind = statfs(dir)?.filesystem_type().0 as u32;
    Ok(name(kind))
}

fn name(kind: u32) -> Option<&'static str> {
    let known = SHARED.iter().find(|(number, _)| *number == kind);
    known.map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::libc;

    // E9
    #[test]
    fn local_file_systems_are_not_shared() {
        for local in [
            libc::EXT4_SUPER_MAGIC,
            libc::BTRFS_SUPER_MAGIC,
            libc::XFS_SUPER_MAGIC,
            libc::TMPFS_MAGIC,
            libc::OVERLAYFS_SUPER_MAGIC,
        ] {
            assert_eq!(name(u32::try_from(local).unwrap()), None);
        }
        let mut numbers: Vec<u32> = SHARED.iter().map(|(number, _)| *number).collect();
        for (number, said) in SHARED {
            assert_eq!(name(number), Some(said));
        }
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), SHARED.len());
        assert_eq!(shared_kind(Path::new("/proc")).unwrap(), None);
    }
}
