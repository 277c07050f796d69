// The file's name is that of the module that these functions are imported from.

export declare function log(level: i32, text: usize, size: usize): void;
export declare function panic(text: usize, size: usize): void;
