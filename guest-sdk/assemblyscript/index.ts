/// <reference path="./decorators.d.ts" />

export { Context } from "./assembly/context";
export { Entity, define } from "./assembly/entity";
export { Effect, accept, nothing } from "./assembly/effect";
export { Level } from "./assembly/log";
export { None, Box } from "./assembly/types";
export { Random } from "./assembly/random";
export { Rejection, RejectionWith } from "./assembly/rejection";
export { serve } from "./assembly/serve";
