/** What a plugin says when it traps. */
export class Trap extends Error {}

/** One instance of a plugin, with the two imports that a host has. */
export class Instance {
  #exports;
  #panic = "";
  /** The lines that the plugin has logged: { level, text }. */
  logged = [];

  constructor(module) {
    const instance = new WebAssembly.Instance(module, {
      eshost_v1: {
        log: (level, at, size) => this.logged.push({ level, text: this.#text(at, size) }),
        panic: (at, size) => (this.#panic ||= this.#text(at, size)),
      },
    });
    this.#exports = instance.exports;
    this.#guarded(() => this.#exports._initialize?.());
  }

  /** How many bytes of memory the instance has. */
  get memoryBytes() {
    return this.#exports.memory.buffer.byteLength;
  }

  describe() {
    return this.#answer(this.#guarded(() => this.#exports.describe()));
  }

  /** Sends a request to handle_command or handle_event, and gives a copy of the answer. */
  call(handler, request) {
    return this.#guarded(() => {
      const at = this.#exports.alloc(request.length) >>> 0;
      if (at === 0) throw new Error(`alloc refused ${request.length} bytes`);
      new Uint8Array(this.#exports.memory.buffer, at, request.length).set(request);
      return this.#answer(this.#exports[handler](at, request.length));
    });
  }

  #answer(place) {
    const bits = BigInt.asUintN(64, place);
    return Buffer.from(new Uint8Array(this.#exports.memory.buffer, Number(bits >> 32n), Number(bits & 0xffffffffn)));
  }

  #text(at, size) {
    return Buffer.from(this.#exports.memory.buffer, at >>> 0, size >>> 0).toString("utf8");
  }

  #guarded(call) {
    this.#panic = "";
    try {
      return call();
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError) && !(error instanceof RangeError)) throw error;
      throw new Trap(this.#panic || error.message, { cause: error });
    }
  }
}

/** Compiles a .wasm file, and throws if it imports what no host has. */
export function compileModule(wasm) {
  const module = new WebAssembly.Module(wasm);
  const known = ["eshost_v1.log", "eshost_v1.panic"];
  const unknown = WebAssembly.Module.imports(module)
    .map(({ module, name }) => `${module}.${name}`)
    .filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `the plugin imports ${unknown.join(", ")}, which no host offers. env.seed comes with Math.random: use the context's ` +
        "random; env.Date.now comes with Date: use its nowMillis; env.console.log comes with console: use its log",
    );
  }
  return module;
}
