import * as z from 'zod';
import type { KubeObject } from '../../../kube/object.ts';
import { bind, type Injection } from '../bind.ts';
import { annotationPatch, type Operation, templatePatch } from '../json-patch.ts';
import { boundPart, type GroupKind, podTemplateOf, templatePath } from '../pod-template.ts';
import { BOUND_BY, markOf } from '../subject.ts';

/** What the API server asks about (admission.k8s.io/v1 AdmissionReview): an object that is to be stored. */
export interface Review {
  readonly uid: string;
  readonly kind: GroupKind;
  readonly namespace: string;
  readonly object: KubeObject;
}

const review = z.object({
  request: z.object({
    uid: z.string(),
    kind: z.object({ group: z.string(), kind: z.string() }),
    namespace: z.string().default(''),
    object: z.custom<KubeObject>(
      (it) => typeof it === 'object' && it !== null && 'metadata' in it && typeof it.metadata === 'object',
    ),
  }),
});

/** Undefined: it is no AdmissionReview of an object. */
export function readReview(text: string): Review | undefined {
  try {
    return review.parse(JSON.parse(text)).request;
  } catch {
    return undefined;
  }
}

/** What binds the object of a review; empty: nothing is to be changed of it. */
export function bindingPatch({ kind, object }: Review, binding: string, injection: Injection): readonly Operation[] {
  const whole = podTemplateOf(object, kind);
  if (whole === undefined) return [];
  // Without what says null: some kinds are stored as they are written.
  const template = boundPart(whole);
  const patch = [
    ...templatePatch(template, bind(template, injection), templatePath(kind)),
    // What is bound for good needs no mark to be undone by.
    ...(kind.group === 'batch' && kind.kind === 'Job'
      ? []
      : annotationPatch(object.metadata.annotations, BOUND_BY, markOf(kind, binding))),
  ];
  // Nobody else writes the object meanwhile.
  return patch.filter(({ op }) => op !== 'test');
}

/** The answer: it is allowed, whatever comes of it. */
export function answerTo(uid: string, patch: readonly Operation[]): object {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: true,
      ...(patch.length > 0 && {
        patchType: 'JSONPatch',
        patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
      }),
    },
  };
}
