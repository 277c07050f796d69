import { decimal } from "./digits";

/**
 * Collects the JSON Schema of a type, in the JSON form that eshost has for payloads. Classes that contain themselves are
 * named and written once, at the end; a first pass finds them.
 */
export class Schema {
  private text: string = "";
  private finding: bool = true;
  /** The classes around the one at hand. */
  private around: u32[] = [];
  /** The classes that contain themselves, and what they are, if that is written. */
  private named: u32[] = [];
  private bodies: string[] = [];
  /** What was written before the named classes around the one at hand. */
  private before: string[] = [];

  add(text: string): void {
    if (!this.finding) this.text += text;
  }

  /** Begins a class. Gives false if it is not to be described here. */
  open(id: u32): bool {
    if (this.finding) {
      if (this.around.includes(id)) {
        if (!this.named.includes(id)) this.named.push(id);
        return false;
      }
      this.around.push(id);
      return true;
    }
    const place = this.named.indexOf(id);
    if (place < 0) return true;
    this.add('"$ref":"#/$defs/' + decimal(place + 1) + '"');
    while (this.bodies.length <= place) this.bodies.push("");
    if (this.bodies[place].length > 0 || this.around.includes(id)) return false;
    this.around.push(id);
    this.before.push(this.text);
    this.text = "";
    return true;
  }

  /** Ends a class that was begun. */
  close(id: u32): void {
    if (this.finding) {
      this.around.pop();
      return;
    }
    const place = this.named.indexOf(id);
    if (place < 0) return;
    this.around.pop();
    this.bodies[place] = this.text;
    this.text = this.before.pop();
  }

  /** Ends the first pass. */
  found(): void {
    this.finding = false;
  }

  finish(): string {
    let text = '{"$schema":"https://json-schema.org/draft/2020-12/schema",' + this.text;
    for (let i = 0; i < this.bodies.length; i++) {
      text += (i == 0 ? ',"$defs":{"' : ',"') + decimal(i + 1) + '":{' + this.bodies[i] + "}";
    }
    return text + (this.bodies.length > 0 ? "}}" : "}");
  }
}
