/** In a file of its own, so that 5 MB of memory are taken only where a certificate is made, about once a month. */
export { generate } from 'selfsigned';
