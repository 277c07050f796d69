import { Refusal } from "./rejection";

/** What a decide answers with: made by accept, by nothing, or by a rejection's reject. */
export class Effect {
  /** @internal */
  refusal: Refusal | null = null;
  /** @internal */
  first: Emission | null = null;
  private last: Emission | null = null;

  /** @internal */
  static refusing(refusal: Refusal): Effect {
    const effect = new Effect();
    effect.refusal = refusal;
    return effect;
  }

  /** Emits one more event, after those that are there already. Gives the same effect. */
  and<E>(event: E): Effect {
    if (!isDefined(event.__eshostWrite)) ERROR("an event is an object of a class that is decorated with @payload or @oneof");
    const emission = new Emission(changetype<usize>(event), idof<E>(), nameof<E>());
    const last = this.last;
    if (last === null) this.first = emission;
    else last.next = emission;
    this.last = emission;
    return this;
  }
}

/**
 * An event that is emitted. The collector does not see the event itself: it is written before there can be a collection.
 */
export class Emission {
  next: Emission | null = null;
  constructor(
    public readonly event: usize,
    public readonly id: u32,
    public readonly className: string,
  ) {}
}

/**
 * Accepts the command and emits the event. More may follow, in this order: `accept(a).and(b)`. They are persisted all
 * together or not at all. Each is of a class that was registered as an event.
 */
export function accept<E>(event: E): Effect {
  return new Effect().and<E>(event);
}

/** Accepts the command without an event: it is answered, and nothing is persisted. Events may be added. */
export function nothing(): Effect {
  return new Effect();
}
