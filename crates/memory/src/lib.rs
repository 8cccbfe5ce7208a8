//! The system's allocator, and an orderly end when it has no memory left.
//!
//! Rust aborts the process then. A mail server that started it knows no such end, and may bounce the mail
//! that it held. This allocator ends the process with an exit status instead, and one line on standard error
//! if that is not 0.
//!
//! Nothing is unwound and nothing is freed, as if the process had been killed: no step of it can rely on
//! more memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI32, Ordering};

/// An allocator that never returns without memory.
pub struct OrExit {
    line: &'static str,
    status: AtomicI32,
}

impl OrExit {
    /// Until [`OrExit::set_status`] says otherwise, the process ends with `status`, and prints `line`.
    #[must_use]
    pub const fn new(line: &'static str, status: i32) -> OrExit {
        OrExit {
            line,
            status: AtomicI32::new(status),
        }
    }

    /// The exit status from now on; with 0 nothing is printed.
    pub fn set_status(&self, status: i32) {
        self.status.store(status, Ordering::SeqCst);
    }

    #[inline]
    fn or_exit(&self, memory: *mut u8) -> *mut u8 {
        if memory.is_null() {
            self.exit();
        }
        memory
    }

    #[cold]
    fn exit(&self) -> ! {
        let status = self.status.load(Ordering::SeqCst);
        let line = self.line.as_bytes();
        // SAFETY: `line` has as many bytes as are said, and a process may always exit. Neither call needs
        // memory or a lock.
        unsafe {
            if status != 0 {
                libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len());
            }
            libc::_exit(status)
        }
    }
}

// SAFETY: all memory is that of `System`, which keeps the promises of an allocator, and whose callers keep
// theirs to it since they keep them here. What it returns is handed on as it is, unless it is null, and then
// nobody goes on.
unsafe impl GlobalAlloc for OrExit {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see above.
        self.or_exit(unsafe { System.alloc(layout) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see above.
        self.or_exit(unsafe { System.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: see above.
        self.or_exit(unsafe { System.realloc(memory, layout, new_size) })
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: see above.
        unsafe { System.dealloc(memory, layout) }
    }
}
