import { Effect } from "./effect";
import { checkCode } from "./names";
import { writePayload } from "./value";
import * as writer from "./writer";

/** A rejection whatever its payload: what a command may declare. */
export abstract class AnyRejection {
  /** The code is what callers see and test for: 1 to 128 bytes of UTF-8 without control characters. */
  constructor(public readonly code: string) {
    checkCode(code);
  }
}

/** A reason to refuse a command that a code says in full. */
export class Rejection extends AnyRejection {
  constructor(code: string) {
    super(code);
  }

  /** The effect of refusing a command for this reason. */
  reject(): Effect {
    return Effect.refusing(new Refusal(this));
  }
}

/** A reason to refuse a command that carries a payload of type P. */
export class RejectionWith<P> extends AnyRejection {
  constructor(code: string) {
    super(code);
  }

  /** The effect of refusing a command for this reason. */
  reject(payload: P): Effect {
    return Effect.refusing(new RefusalWith<P>(this, payload));
  }
}

/** A rejection as it is given by a decide. */
export class Refusal {
  constructor(public readonly rejection: AnyRejection) {}

  /** Writes the outcome. */
  write(): void {
    this.writeCode();
    writer.writeNil();
  }

  protected writeCode(): void {
    writer.token(0x0193, 2);
    writer.writeString(this.rejection.code);
  }
}

class RefusalWith<P> extends Refusal {
  constructor(
    rejection: AnyRejection,
    private readonly payload: P,
  ) {
    super(rejection);
  }

  write(): void {
    this.writeCode();
    writePayload<P>(this.payload);
  }
}
