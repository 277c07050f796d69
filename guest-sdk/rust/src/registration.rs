/// Makes the plugin: says which commands each type of entity has, and exports what the host calls.
///
/// ```text
/// eshost::plugin!(Counter => [Increase, Decrease]);
/// ```
///
/// Several types stand one after the other, separated by commas. It is used once, in the crate that becomes the `.wasm`.
#[macro_export]
macro_rules! plugin {
    ($($entity:ty => [$($command:ty),* $(,)?]),+ $(,)?) => {
        $(
            impl $crate::Entity for $entity {
                const COMMANDS: &'static [$crate::CommandEntry<Self>] = &[$($crate::CommandEntry::of::<$command>()),*];
            }
        )+

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            static GUEST: $crate::guest::Guest = $crate::guest::Guest::new(|| $crate::Plugin::new()$(.with::<$entity>())+);

            #[unsafe(no_mangle)]
            extern "C" fn eshost_abi_v1() {}

            #[unsafe(no_mangle)]
            extern "C" fn _initialize() {
                $crate::guest::initialize();
            }

            #[unsafe(no_mangle)]
            extern "C" fn alloc(size: u32) -> u32 {
                GUEST.alloc(size)
            }

            #[unsafe(no_mangle)]
            extern "C" fn describe() -> u64 {
                GUEST.describe()
            }

            #[unsafe(no_mangle)]
            extern "C" fn handle_command(at: u32, size: u32) -> u64 {
                GUEST.handle_command(at, size)
            }

            #[unsafe(no_mangle)]
            extern "C" fn handle_event(at: u32, size: u32) -> u64 {
                GUEST.handle_event(at, size)
            }
        };
    };
}
