import { Instance, compileModule } from "./instance.js";
import { decode } from "./msgpack.js";
import { Scenario } from "./scenario.js";

/** A plugin that is loaded. Make it with compile. */
export class Plugin {
  #module;

  constructor(module, manifest) {
    this.#module = module;
    /** The plugin's description, decoded. */
    this.manifest = manifest;
  }

  /** Loads the bytes of a .wasm file. */
  static load(wasm) {
    const module = compileModule(wasm);
    return new Plugin(module, decode(new Instance(module).describe()));
  }

  /** Makes a fresh instance. */
  instance() {
    return new Instance(this.#module);
  }

  /** Gives the type of this name. */
  type(name) {
    const description = this.manifest.types.find((type) => type.type === name);
    if (!description)
      throw new Error(`the plugin has no type ${name}, but ${this.manifest.types.map((t) => t.type).join(", ")}`);
    return new EntityType(this, description);
  }
}

/** A type of entity of a plugin. */
export class EntityType {
  constructor(plugin, description) {
    this.plugin = plugin;
    this.name = description.type;
    /** What the manifest says of the type. */
    this.description = description;
  }

  /**
   * Makes an entity with the id "test" that has these events behind it. At first the time is 2026-01-01 in UTC.
   *
   * An event is an object of one entry, the name to the content: `{ increased: { by: 5 } }`. Of several versions it is the
   * latest, unless the name says which: `{ "increased@1": { by: 5 } }`.
   */
  given(...events) {
    return new Scenario(this, events);
  }
}
