/**
 * Why an evaluation came to nothing. `missing`: a field or an element is not there. `overload`: an operator or a
 * function does not take values of those types. `notBoolean`: the value is another one. `cost`: it would have taken too
 * long. `malformed`: the object is no JSON. `value`: anything else, such as a division by zero or a text that is no number.
 */
export const CEL_TROUBLES = ['missing', 'overload', 'notBoolean', 'cost', 'malformed', 'value'] as const;
export type CelTrouble = (typeof CEL_TROUBLES)[number];
